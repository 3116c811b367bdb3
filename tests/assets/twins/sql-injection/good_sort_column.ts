import express, { Request, Response } from 'express';
import mysql from 'mysql2/promise';

const pool = mysql.createPool(process.env.SHOP_URL!);
const router = express.Router();
const SORTABLE = new Set(['name', 'price', 'created_at']);

router.get('/products', async (req: Request, res: Response) => {
  const sort = (req.query.sort as string) || 'name';
  if (!SORTABLE.has(sort)) {
    return res.status(400).json({ error: 'cannot sort by that' });
  }
  const [rows] = await pool.execute('SELECT id, name FROM products ORDER BY ' + sort);
  res.json(rows);
});

export default router;
