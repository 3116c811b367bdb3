const express = require('express');
const Database = require('better-sqlite3');

const app = express();
const db = new Database('notes.db');

app.get('/notes', (req, res) => {
  const notes = db.prepare('SELECT id, title FROM notes').all();
  res.send(notes.map((note) => ({ id: note.id, title: note.title })));
});
