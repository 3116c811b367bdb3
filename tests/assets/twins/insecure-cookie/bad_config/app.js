const session = require('express-session');
const config = require('./config');
const app = require('express')();
app.use(session({ secret: process.env.SECRET, cookie: config.cookie })); // FINDING
