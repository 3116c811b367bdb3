import { Eta } from 'eta';
import express from 'express';
const eta = new Eta({ views: './views' });
const app = express();
app.get('/hit', (req, res) => {
  res.send(eta.render('hit', { name: req.query.name, bio: req.query.bio })); // FINDING
});
