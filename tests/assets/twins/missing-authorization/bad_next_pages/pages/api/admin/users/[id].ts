import type { NextApiRequest, NextApiResponse } from 'next';
import { db } from '../../../../lib/db';
export default async function handler(req: NextApiRequest, res: NextApiResponse) { // FINDING
  if (req.method === 'DELETE') await db.query('DELETE FROM users WHERE id = $1', [req.query.id]);
  res.status(204).end();
}
