import { exec } from 'child_process';

export async function convert(name: 'a' | 'b') {
  exec(`convert ${name === 'a' ? 'a.jpg' : 'b.jpg'} out.png`);
}
