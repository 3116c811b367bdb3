import { PrismaClient } from '@prisma/client';
import { z } from 'zod';

const prisma = new PrismaClient();
const Change = z.object({ name: z.string().max(80) });

export async function PATCH(request: Request, { params }: { params: { id: string } }) {
  const body = Change.parse(await request.json());
  const user = await prisma.user.update({ where: { id: params.id }, data: body });
  return Response.json({ id: user.id });
}
