import type { NextApiRequest, NextApiResponse } from 'next';
import clientPromise from '../../lib/mongodb';
export default async function handler(req: NextApiRequest, res: NextApiResponse) {
  const client = await clientPromise;
  const users = client.db('app').collection('users');
  const found = await users.findOne({ name: { $eq: req.body.name }, pin: { $eq: req.body.pin } });
  res.status(200).json(found);
}
