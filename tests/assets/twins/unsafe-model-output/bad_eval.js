import { generateText } from 'ai';

export async function calculate(model, task) {
  const { text } = await generateText({ model, prompt: task });
  return eval(text); // FINDING
}
