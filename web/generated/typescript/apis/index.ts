/* tslint:disable */
/* eslint-disable */
export * from './AnalyticsApi';
export * from './FirebaseApi';
export * from './MessagesApi';
export * from './NotificationsApi';
export * from './PlatformApi';
export * from './RoomsApi';
export * from './TrustApi';
