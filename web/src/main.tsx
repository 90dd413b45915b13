import { render } from 'preact';
import { readConfig } from './config';
import { App } from './ui/app';
import './styles/base.css';
import './styles/controls.css';
import './styles/sign-in.css';
import './styles/phone.css';
import './styles/rooms.css';
import './styles/conversation.css';
import './styles/journal.css';
import './styles/two-phones.css';

const app = document.getElementById('app')!;
try {
  render(<App config={await readConfig()} />, app);
} catch (error) {
  render(
    <main class="sign-in">
      <h1>Relais</h1>
      <p role="alert">La configuration de la page ne peut pas être lue. {String(error)}</p>
    </main>,
    app,
  );
}
