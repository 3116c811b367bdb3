import express from 'express';
import { Orders } from './orders';

const app = express();
const orders = new Orders();

app.get('/orders', async (req, res) => {
  res.json(await orders.search(String(req.query.status)));
});
