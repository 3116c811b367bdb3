const { EventEmitter } = require('events');
const app = require('express')();
const pool = require('./pool');
const bus = new EventEmitter();
bus.on('search', (term) => pool.query("SELECT * FROM t WHERE n = '" + term + "'")); // FINDING
app.get('/', (req, res) => { bus.emit('search', req.query.term); res.end(); });
