const express = require('express');
const Database = require('better-sqlite3');

const app = express();
const db = new Database('notes.db');

app.get('/notes', (req, res) => {
  const notes = db.prepare('SELECT id, title FROM notes').all();
  const items = notes.map((note) => `<li><a href="/notes/${note.id}">${note.title}</a></li>`).join('');
  res.send(`<ul>${items}</ul>`); // FINDING
});
