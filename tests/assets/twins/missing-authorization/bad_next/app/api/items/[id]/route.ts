import { prisma } from '../../../../lib/prisma';

export async function DELETE(_request: Request, { params }: { params: { id: string } }) { // FINDING
  await prisma.item.delete({ where: { id: params.id } });
  return new Response(null, { status: 204 });
}
