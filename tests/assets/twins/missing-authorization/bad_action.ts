'use server';
import { prisma } from '@/lib/prisma';
export async function deleteUser(id: string) { // FINDING
  await prisma.user.delete({ where: { id } });
}
