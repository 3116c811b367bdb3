import { readFileSync } from 'fs';
import { join } from 'path';

export async function GET(_request: Request, { params }: { params: Promise<{ slug: string }> }) {
  const { slug } = await params;
  const text = readFileSync(join(process.cwd(), 'docs', slug), 'utf8'); // FINDING
  return Response.json({ text });
}
