import { MemoryNotificationStore, notificationStoreConformance } from '@kidjamo/connector-notify/testing';

notificationStoreConformance('in memory', () => Promise.resolve({ store: new MemoryNotificationStore(), close: () => Promise.resolve() }));
