export const key = process.env.NEXT_PUBLIC_OPENAI_API_KEY; // FINDING
