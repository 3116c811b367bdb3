import { generateText } from 'ai';

export async function POST(request: Request) {
  const { question } = await request.json();
  const { text } = await generateText({
    model: 'x',
    system: 'You are a helpful clerk.',
    prompt: question,
  });
  return Response.json({ text });
}
