'use server';
import { prisma } from '@/lib/prisma';
import { auth } from '@/lib/auth';
export async function listNotes() {
  const { user } = await auth();
  return prisma.note.findMany({ where: { userId: user.id } });
}
export async function readNote(id: string) {
  await auth();
  return prisma.note.findUnique({ where: { id } }); // FINDING
}
