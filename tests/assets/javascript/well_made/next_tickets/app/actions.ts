'use server';
import { revalidatePath } from 'next/cache';
import { redirect } from 'next/navigation';
import { cookies } from 'next/headers';
import { auth } from '@/lib/auth';
import { prisma } from '@/lib/prisma';
export async function createTicket(formData: FormData) {
  const session = await auth();
  if (!session?.user) redirect('/login');
  const title = String(formData.get('title') ?? '').trim().slice(0, 200);
  const ticket = await prisma.ticket.create({ data: { title, ownerId: session.user.id } });
  revalidatePath('/tickets');
  redirect(`/tickets/${ticket.id}`);
}
export async function setTheme(theme: string) {
  (await cookies()).set('theme', theme === 'dark' ? 'dark' : 'light', { sameSite: 'lax' });
}
