const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: (origin, done) => done(null, true), credentials: true })); // FINDING
