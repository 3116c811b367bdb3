import { Pool } from 'pg';

export const pool = new Pool({ connectionString: process.env.SHOP_URL, ssl: { rejectUnauthorized: true } });
