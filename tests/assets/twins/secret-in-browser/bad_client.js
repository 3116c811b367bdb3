import OpenAI from 'openai';

export const openai = new OpenAI({ apiKey: window.KEY, dangerouslyAllowBrowser: true }); // FINDING
