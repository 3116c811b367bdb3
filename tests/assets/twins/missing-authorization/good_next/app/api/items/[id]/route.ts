import { getServerSession } from 'next-auth';
import { prisma } from '../../../../lib/prisma';

export async function DELETE(_request: Request, { params }: { params: { id: string } }) {
  const session = await getServerSession();
  if (!session) return new Response(null, { status: 401 });
  await prisma.item.delete({ where: { id: params.id } });
  return new Response(null, { status: 204 });
}
