const express = require('express');
const Database = require('better-sqlite3');

const app = express();
const db = new Database('notes.db');

app.get('/notes', (req, res) => {
  const notes = db.prepare('SELECT title FROM notes').all();
  res.render('notes.hbs', { notes }); // FINDING
});
