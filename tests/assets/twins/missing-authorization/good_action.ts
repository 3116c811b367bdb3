'use server';
import { prisma } from '@/lib/prisma';
import { auth } from '@/lib/auth';
export async function deleteUser(id: string) {
  const session = await auth();
  if (session?.user.role !== 'admin') throw new Error('not allowed');
  await prisma.user.delete({ where: { id } });
}
