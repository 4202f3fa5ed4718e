namespace OrleansCdp;

/// <summary>Ids of log messages. Never reused: operators' alarms name them.</summary>
/// <remarks>1xx contracts and client, 2xx grains, 3xx PostgreSQL, 4xx gateway, 5xx host.</remarks>
public static class LogEvents
{
#pragma warning disable CS1591 // The message beside each use says what it means.
    public const int DefinitionNotCompiled = 100;
    public const int CataloguePollFailed = 101;
    public const int ConnectRetried = 103;
    public const int PartitionAcquired = 200;
    public const int PartitionLost = 201;
    public const int FoldFailed = 203;
    public const int PoisonEvent = 204;
    public const int DeliveryRetried = 205;
    public const int AnchorsClash = 206;
    public const int DefinitionPut = 207;
    public const int KeyAdded = 208;
    public const int KeyRevoked = 209;
    public const int ChunkFailed = 210;
    public const int EventKeysForgotten = 211;
    public const int MergeNotMade = 212;
    public const int StateRebuilt = 220;
    public const int StateNotRebuilt = 221;
    public const int NotWoken = 223;
    public const int DueSweepFailed = 224;
    public const int NewsNotKept = 222;
    public const int MatchOversized = 230;
    public const int MatchKeysClosed = 231;
    public const int MatchMoveStuck = 232;
    public const int MatchSweepFailed = 233;
    public const int MatchIdentifiersGuarded = 234;
    public const int FiguresNotCounted = 235;
    public const int MatchMoveFailed = 236;
    public const int MatchNewsFailed = 237;
    public const int MatchReviewFailed = 238;
    public const int MatchFailed = 239;
    public const int AbsorptionNotCompared = 240;
    public const int OpenDecisionFailed = 241;
    public const int LinkNotReturned = 242;
    public const int InsightBackfillFailed = 243;
    public const int InsightComplete = 244;
    public const int InsightSweepFailed = 245;
    public const int InsightLinkNotTold = 246;
    public const int InsightWalkFailed = 247;
    public const int InsightWalkEnded = 248;
    public const int AccountPeopleDamaged = 249;
    public const int AccountPeopleUnknown = 250;
    public const int InsightBackfillBegun = 251;
    public const int ChangesNotForgotten = 252;
    public const int SegmentDrafted = 253;
    public const int SegmentReviewed = 254;
    public const int MatchVersionLive = 255;
    public const int SegmentsNotEvaluated = 256;
    public const int SegmentPreviewFailed = 257;
    public const int SegmentNotPreviewed = 258;
    public const int AccountPeopleNotListed = 259;
    public const int PersonNotTold = 260;
    public const int AccountNotAsked = 261;
    public const int RequestUnavailable = 400;
    public const int RequestFailed = 401;
    public const int KeysNotPolled = 402;
    public const int BackgroundLoopDied = 300;
    public const int LogPollFailed = 301;
    public const int LogCommitFailed = 302;
    public const int LogDayDropped = 303;
    public const int LogNotMaintained = 304;
    public const int CheckpointsNotWritten = 305;
    public const int ReaderFenced = 306;
    public const int CheckpointGap = 307;
    public const int ReaderStarted = 308;
    public const int WriterNotAttached = 309;
    public const int BalancerNotHeard = 310;
    public const int DeliveryLost = 311;
    public const int QuarantineTrimmed = 312;
    public const int QuarantineNotTrimmed = 313;
    public const int PartitionsAssigned = 314;
    public const int MergeSweepFailed = 315;
    public const int MergeStuck = 316;
    public const int MembershipNewsNotTold = 317;
    public const int DatabaseNotAnswering = 500;
#pragma warning restore CS1591
}
