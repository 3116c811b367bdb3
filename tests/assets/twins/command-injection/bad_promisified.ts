import { exec } from 'node:child_process';
import { promisify } from 'node:util';
import type { Request, Response } from 'express';

const run = promisify(exec);

export async function convert(req: Request, res: Response) {
  const format = req.body.format.trim();
  const { stdout } = await run('convert in.png out.' + format); // FINDING
  res.json({ stdout });
}
