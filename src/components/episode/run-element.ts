// <lockstep-run>: the two buttons of a command block.
import { type CommandReport, type CommandRequest, commandEvent } from '../ui/command-request.ts';

/** Below this width the lab is a sheet over the page (src/components/lab/lab.css). */
const underSheet = matchMedia('(max-width: 1099.98px)');

class LockstepRun extends HTMLElement {
  connectedCallback(): void {
    this.querySelector('.run-do')?.addEventListener('click', () => this.#run());
    this.querySelector('.run-copy')?.addEventListener('click', () => void this.#copy());
  }

  get #command(): string {
    return [...this.querySelectorAll('.run-one')].map((line) => line.textContent).join('\n');
  }

  #run(): void {
    const request: CommandRequest = {
      machine: this.dataset['on'] ?? '',
      command: this.#command,
      report: (report) => this.#say(report),
    };
    const unanswered = document.dispatchEvent(new CustomEvent(commandEvent, { detail: request, cancelable: true }));
    // On a narrow screen the lab comes up over the page: this command stays in sight above it.
    if (underSheet.matches) this.scrollIntoView({ block: 'nearest' });
    if (unanswered)
      this.#say({ kind: 'failed', words: 'There is no lab on this page to type it into. Copy it instead.' });
  }

  async #copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.#command);
      this.#say({ kind: 'sent', words: 'Copied.' });
    } catch {
      const line = this.querySelector('.run-line code');
      if (line) getSelection()?.selectAllChildren(line);
      this.#say({
        kind: 'failed',
        words: 'The browser did not allow copying. The command is selected: use its Edit menu.',
      });
    }
  }

  #say(report: CommandReport): void {
    const status = this.querySelector<HTMLElement>('.run-status');
    if (!status) return;
    status.dataset['state'] = report.kind;
    status.textContent = report.words;
  }
}

customElements.define('lockstep-run', LockstepRun);
