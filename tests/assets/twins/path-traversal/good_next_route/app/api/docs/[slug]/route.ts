import { readFileSync } from 'fs';
import { join } from 'path';

export async function GET(_request: Request, { params }: { params: Promise<{ slug: string }> }) {
  const { slug } = await params;
  if (!/^[a-z0-9-]+$/.test(slug)) return new Response('no', { status: 404 });
  const text = readFileSync(join(process.cwd(), 'docs', slug), 'utf8');
  return Response.json({ text });
}
