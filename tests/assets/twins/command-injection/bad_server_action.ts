'use server';

import { exec } from 'child_process';

export async function convert(name: string) {
  exec(`convert ${name} out.png`); // FINDING
}
