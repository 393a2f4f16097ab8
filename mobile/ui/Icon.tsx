import ArrowLeft from 'lucide-react-native/icons/arrow-left';
import Ban from 'lucide-react-native/icons/ban';
import CalendarCheck from 'lucide-react-native/icons/calendar-check';
import CalendarClock from 'lucide-react-native/icons/calendar-clock';
import CalendarPlus from 'lucide-react-native/icons/calendar-plus';
import CalendarX from 'lucide-react-native/icons/calendar-x';
import Check from 'lucide-react-native/icons/check';
import CircleAlert from 'lucide-react-native/icons/circle-alert';
import CircleCheck from 'lucide-react-native/icons/circle-check';
import CircleX from 'lucide-react-native/icons/circle-x';
import Clock from 'lucide-react-native/icons/clock';
import Globe from 'lucide-react-native/icons/globe';
import Hourglass from 'lucide-react-native/icons/hourglass';
import Languages from 'lucide-react-native/icons/languages';
import LogOut from 'lucide-react-native/icons/log-out';
import Mail from 'lucide-react-native/icons/mail';
import Phone from 'lucide-react-native/icons/phone';
import RefreshCw from 'lucide-react-native/icons/refresh-cw';
import Search from 'lucide-react-native/icons/search';
import ShieldCheck from 'lucide-react-native/icons/shield-check';
import Star from 'lucide-react-native/icons/star';
import Ticket from 'lucide-react-native/icons/ticket';
import Users from 'lucide-react-native/icons/users';
import WifiOff from 'lucide-react-native/icons/wifi-off';
import X from 'lucide-react-native/icons/x';

import { useTheme, type Palette } from '../theme';

const icons = {
  back: ArrowLeft,
  alert: CircleAlert,
  ban: Ban,
  bookings: Ticket,
  calendarAdd: CalendarPlus,
  calendarCheck: CalendarCheck,
  calendarMove: CalendarClock,
  calendarNone: CalendarX,
  check: Check,
  clock: Clock,
  close: X,
  done: CircleCheck,
  failed: CircleX,
  globe: Globe,
  hold: Hourglass,
  languages: Languages,
  leave: LogOut,
  mail: Mail,
  offline: WifiOff,
  phone: Phone,
  refresh: RefreshCw,
  search: Search,
  shield: ShieldCheck,
  star: Star,
  users: Users,
};

export type IconName = keyof typeof icons;

/** In the browser a long text beside it would make it smaller. */
const unsqueezed = { flexShrink: 0 };

/** Beside text that says the same: screen readers pass over it. */
export function Icon({ name, size = 18, color = 'ink', filled = false }: {
  name: IconName;
  size?: number;
  color?: keyof Palette;
  filled?: boolean;
}) {
  const { colors } = useTheme();
  const Drawn = icons[name];
  return <Drawn aria-hidden size={size} color={colors[color]} fill={filled ? colors[color] : 'none'} strokeWidth={2} style={unsqueezed} />;
}
