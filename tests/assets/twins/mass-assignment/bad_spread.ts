import { PrismaClient } from '@prisma/client';

const prisma = new PrismaClient();

export async function POST(request: Request) {
  const body = await request.json();
  const post = await prisma.post.create({ data: { ...body, createdAt: new Date() } }); // FINDING
  return Response.json({ id: post.id });
}
