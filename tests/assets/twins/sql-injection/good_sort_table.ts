import express from 'express';
import mysql from 'mysql2/promise';

const pool = mysql.createPool(process.env.SHOP_URL!);
const router = express.Router();
const COLUMNS: Record<string, string> = { newest: 'created_at DESC', cheapest: 'price ASC' };

router.get('/products', async (req, res) => {
  const order = COLUMNS[req.query.sort as string] ?? COLUMNS.newest;
  const [rows] = await pool.query(`SELECT id, name FROM products ORDER BY ${order}`);
  res.json(rows);
});

export default router;
