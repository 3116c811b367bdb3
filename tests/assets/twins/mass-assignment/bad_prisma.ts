import { PrismaClient } from '@prisma/client';

const prisma = new PrismaClient();

export async function PATCH(request: Request, { params }: { params: { id: string } }) {
  const body = await request.json();
  const user = await prisma.user.update({ where: { id: params.id }, data: body }); // FINDING
  return Response.json({ id: user.id });
}
