import type { NextApiRequest, NextApiResponse } from 'next';
import { prisma } from '../../../lib/prisma';
import { userOf } from '../../../lib/session';
export default async function handler(req: NextApiRequest, res: NextApiResponse) {
  const user = await userOf(req);
  res.json(await prisma.note.findFirst({ where: { id: Number(req.query.id), userId: user.id } }));
}
