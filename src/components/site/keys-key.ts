// The key "?": all keys, in the lab's own dialog where there is a lab, else on their page.
const FIELDS = 'input, textarea, select, [contenteditable=""], [contenteditable=true], .xterm';

document.addEventListener('keydown', (event) => {
  const { target } = event;
  if (event.key !== '?' || event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
  if (target instanceof Element && target.closest(FIELDS) !== null) return;
  // Over what is open already, another dialog would be one too many.
  if (document.querySelector('dialog:modal') !== null) return;
  event.preventDefault();
  const dialog = document.querySelector<HTMLDialogElement>('[data-dialog=keys]');
  if (dialog !== null) dialog.showModal();
  else location.assign(document.querySelector<HTMLAnchorElement>('[data-keys-page]')?.href ?? '/keys/');
});
