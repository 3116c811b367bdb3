import type { NextApiRequest, NextApiResponse } from 'next';
import { getServerSession } from 'next-auth';
import { db } from '../../../../lib/db';
export default async function handler(req: NextApiRequest, res: NextApiResponse) {
  const session = await getServerSession(req, res);
  if (session?.user.role !== 'admin') return res.status(403).end();
  if (req.method === 'DELETE') await db.query('DELETE FROM users WHERE id = $1', [req.query.id]);
  res.status(204).end();
}
