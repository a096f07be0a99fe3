// Asks before several lines go into a program that would run each of them at once.
export function confirmPaste(parent: HTMLElement, text: string): Promise<boolean> {
  const lines = text.split(/\r\n|\r|\n/).filter((line) => line !== '').length;
  const dialog = document.createElement('dialog');
  dialog.className = 'ls-dialog';
  dialog.setAttribute('aria-label', 'Paste several lines');
  const heading = document.createElement('h2');
  heading.textContent = lines === 1 ? 'Paste a line that runs at once?' : `Paste ${lines} lines?`;
  const words = document.createElement('p');
  words.textContent = 'The program in this terminal takes each line as soon as it arrives.';
  const what = document.createElement('pre');
  what.textContent = text;
  const form = document.createElement('form');
  form.method = 'dialog';
  form.append(choice('Paste', 'paste', true), choice('Cancel', '', false));
  dialog.append(heading, words, what, form);
  parent.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'paste');
    });
  });
}

function choice(label: string, value: string, primary: boolean): HTMLButtonElement {
  const button = document.createElement('button');
  button.className = primary ? 'ls-button is-primary is-large' : 'ls-button';
  button.value = value;
  button.textContent = label;
  return button;
}
