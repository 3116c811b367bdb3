import { generateText } from 'ai';

export async function POST(request: Request) {
  const { persona, question } = await request.json();
  const { text } = await generateText({ // FINDING
    model: 'x',
    system: `You are ${persona}.`,
    prompt: question,
  });
  return Response.json({ text });
}
