import type { NativeStackScreenProps } from '@react-navigation/native-stack';

import type { BrowseRoutes } from '../navigation/routes';
import { Message } from '../ui/Message';
import { BackBar, Page } from '../ui/Page';

/** An address that leads nowhere. */
export function NotFoundScreen({ navigation }: NativeStackScreenProps<BrowseRoutes, 'NotFound'>) {
  const back = () => navigation.popTo('Experts');
  return (
    <Page>
      <BackBar label="Experts" onBack={back} />
      <Message alone icon="search" title="There is no such page" text="The link may be old or mistyped." action="See all experts" onAction={back} />
    </Page>
  );
}
