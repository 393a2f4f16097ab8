import { Page } from '../ui/Page';

export function BookScreen() {
  return <Page>{null}</Page>;
}
