// Reads questions about proofs from standard input and answers each with true or false, by npm's rfc9162.
import module from "@transmute/rfc9162";

const tree = module.default ?? module;
const bytes = (hex) => Uint8Array.from(Buffer.from(hex, "hex"));
let text = "";
for await (const part of process.stdin) text += part;
const answers = [];
for (const ask of JSON.parse(text)) {
  const path = ask.proof.map(bytes);
  if (ask.kind === "inclusion") {
    const proof = { log_id: "", tree_size: ask.size, leaf_index: ask.index, inclusion_path: path };
    answers.push(await tree.verifyInclusionProof(bytes(ask.root), bytes(ask.leaf), proof));
  } else {
    // This package leaves out step 2 of section 2.1.4.2 and has whoever asks prepend the first root.
    const power = (ask.first & (ask.first - 1)) === 0;
    const full = power ? [bytes(ask.old), ...path] : path;
    const proof = { log_id: "", tree_size_1: ask.first, tree_size_2: ask.second, consistency_path: full };
    answers.push(await tree.verifyConsistencyProof(bytes(ask.old), bytes(ask.new), proof));
  }
}
process.stdout.write(JSON.stringify(answers));
