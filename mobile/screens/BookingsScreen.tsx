import { Page } from '../ui/Page';

export function BookingsScreen() {
  return <Page>{null}</Page>;
}
