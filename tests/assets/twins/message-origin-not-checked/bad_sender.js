export function tell(frame, text) {
  frame.contentWindow.postMessage({ text }, '*'); // FINDING
}
