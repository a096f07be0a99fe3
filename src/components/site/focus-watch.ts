// Looks after the focus on every page, whatever stands on it.
import { keepFocus } from '../ui/keep-focus.ts';

keepFocus(document, new AbortController().signal);
