import express, { Request, Response } from 'express';
import mysql from 'mysql2/promise';

const pool = mysql.createPool(process.env.SHOP_URL!);
const router = express.Router();

router.get('/products', async (req: Request, res: Response) => {
  const sort = (req.query.sort as string) || 'name';
  const [rows] = await pool.execute('SELECT id, name FROM products ORDER BY ' + sort); // FINDING
  res.json(rows);
});

export default router;
