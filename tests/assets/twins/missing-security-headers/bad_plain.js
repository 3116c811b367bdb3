const express = require('express');

const app = express(); // FINDING

app.get('/', (req, res) => res.render('index'));
