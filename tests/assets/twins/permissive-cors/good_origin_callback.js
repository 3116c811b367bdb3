const express = require('express');
const cors = require('cors');
const app = express();
const SITES = ['https://a.example'];
app.use(cors({ origin: (origin, done) => done(null, SITES.includes(origin)), credentials: true }));
