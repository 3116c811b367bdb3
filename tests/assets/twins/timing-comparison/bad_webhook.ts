import crypto from 'node:crypto';

export function genuine(body: string, signature: string): boolean {
  const expected = crypto.createHmac('sha256', process.env.HOOK!).update(body).digest('hex');
  return signature === expected; // FINDING
}
