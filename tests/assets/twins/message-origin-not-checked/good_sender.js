export function tell(frame, text) {
  frame.contentWindow.postMessage({ text }, 'https://app.example.com');
}
