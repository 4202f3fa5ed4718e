-- What Orleans' ADO.NET providers need: their only fixed table is orleansquery; everything else is reached
-- through the statements stored in it. Connections of the cluster set their search path to cdp.

create table cdp.orleansquery (
    querykey text primary key,
    querytext text not null
);

create table cdp.cluster_version (
    cluster_id text primary key,
    version int not null default 0,
    changed_at timestamptz not null default now()
);

create table cdp.cluster_member (
    cluster_id text not null references cdp.cluster_version on delete cascade,
    address text not null,
    port int not null,
    generation int not null,
    silo_name text not null,
    host_name text not null,
    status int not null,
    proxy_port int not null,
    suspect_times text,
    start_time timestamptz not null,
    i_am_alive_time timestamptz not null,
    primary key (cluster_id, address, port, generation)
);

-- type_name is the state's name, not the grain's type: state names are unique per grain class.
create table cdp.grain_state (
    service_id text not null,
    type_hash int not null,
    id_hash int not null,
    type_name text not null,
    n0 bigint not null,
    n1 bigint not null,
    ext text not null default '',
    payload bytea,
    version int not null,
    modified_at timestamptz not null default now(),
    primary key (id_hash, type_hash, n0, n1, ext, type_name, service_id)
) with (fillfactor = 85);

create table cdp.reminder (
    service_id text not null,
    grain_id text not null,
    name text not null,
    start_time timestamptz not null,
    period_ms bigint not null,
    grain_hash int not null,
    version int not null,
    primary key (service_id, grain_id, name)
);

create index reminder_by_hash on cdp.reminder (service_id, grain_hash);

insert into cdp.orleansquery (querykey, querytext) values
('GatewaysQueryKey', $$
    select address as "Address", proxy_port as "ProxyPort", generation as "Generation"
    from cluster_member
    where cluster_id=@DeploymentId
    and status=@Status
    and proxy_port>0
$$),
('MembershipReadRowKey', $$
    select m.address as "Address", m.port as "Port", m.generation as "Generation",
        m.silo_name as "SiloName", m.host_name as "HostName", m.status as "Status",
        m.proxy_port as "ProxyPort", m.suspect_times as "SuspectTimes",
        m.start_time as "StartTime", m.i_am_alive_time as "IAmAliveTime", v.version as "Version"
    from cluster_version v
    left join cluster_member m on m.cluster_id=v.cluster_id
    and m.address=@Address
    and m.port=@Port
    and m.generation=@Generation
    where v.cluster_id=@DeploymentId
$$),
('MembershipReadAllKey', $$
    select m.address as "Address", m.port as "Port", m.generation as "Generation",
        m.silo_name as "SiloName", m.host_name as "HostName", m.status as "Status",
        m.proxy_port as "ProxyPort", m.suspect_times as "SuspectTimes",
        m.start_time as "StartTime", m.i_am_alive_time as "IAmAliveTime", v.version as "Version"
    from cluster_version v
    left join cluster_member m on m.cluster_id=v.cluster_id
    where v.cluster_id=@DeploymentId
$$),
('InsertMembershipVersionKey', $$
    with i as (insert into cluster_version(cluster_id)
    values (@DeploymentId)
    on conflict do nothing
    returning 1) select count(*)::int
    from i
$$),
('UpdateIAmAlivetimeKey', $$
    update cluster_member
    set i_am_alive_time=@IAmAliveTime
    where cluster_id=@DeploymentId
    and address=@Address
    and port=@Port
    and generation=@Generation
$$),
('InsertMembershipKey', $$
    with v as (update cluster_version
    set version=version+1, changed_at=now()
    where cluster_id=@DeploymentId
    and version=@Version
    and not exists
    (select 1
    from cluster_member
    where cluster_id=@DeploymentId
    and address=@Address
    and port=@Port
    and generation=@Generation)
    returning 1)
    , i as (insert into cluster_member(cluster_id,address,port,generation,silo_name,host_name,
        status,proxy_port,start_time,i_am_alive_time)
    select @DeploymentId,@Address,@Port,@Generation,@SiloName,@HostName,@Status,@ProxyPort,
        @StartTime,@IAmAliveTime
    from v
    returning 1) select count(*)::int
    from i
$$),
('UpdateMembershipKey', $$
    with v as (update cluster_version
    set version=version+1, changed_at=now()
    where cluster_id=@DeploymentId
    and version=@Version
    and exists
    (select 1
    from cluster_member
    where cluster_id=@DeploymentId
    and address=@Address
    and port=@Port
    and generation=@Generation)
    returning 1)
    , u as (update cluster_member
    set status=@Status, suspect_times=@SuspectTimes, i_am_alive_time=@IAmAliveTime
    from v
    where cluster_id=@DeploymentId
    and address=@Address
    and port=@Port
    and generation=@Generation
    returning 1) select count(*)::int
    from u
$$),
('DeleteMembershipTableEntriesKey', $$
    delete
    from cluster_version
    where cluster_id=@DeploymentId
$$),
('CleanupDefunctSiloEntriesKey', $$
    delete
    from cluster_member
    where cluster_id=@DeploymentId
    and i_am_alive_time<@IAmAliveTime
    and status=6
$$),
('CleanupDefunctSiloEntryKey', $$
    delete
    from cluster_member
    where cluster_id=@DeploymentId
    and address=@Address
    and port=@Port
    and generation=@Generation
    and status=6
    and start_time=@StartTime
    and i_am_alive_time=@IAmAliveTime
    and suspect_times is not distinct
    from @SuspectTimes
$$),
('ReadFromStorageKey', $$
    select payload as "PayloadBinary", version as "Version"
    from grain_state
    where id_hash=@GrainIdHash
    and type_hash=@GrainTypeHash
    and n0=@GrainIdN0
    and n1=@GrainIdN1
    and ext=coalesce(@GrainIdExtensionString,'')
    and type_name=@GrainTypeString
    and service_id=@ServiceId
$$),
('WriteToStorageKey', $$
    with u as (update grain_state
    set payload=@PayloadBinary, version=version+1, modified_at=now()
    where @GrainStateVersion is not null
    and id_hash=@GrainIdHash
    and type_hash=@GrainTypeHash
    and n0=@GrainIdN0
    and n1=@GrainIdN1
    and ext=coalesce(@GrainIdExtensionString,'')
    and type_name=@GrainTypeString
    and service_id=@ServiceId
    and version=@GrainStateVersion
    returning version)
    , i as (insert into grain_state(service_id,type_hash,id_hash,type_name,n0,n1,ext,payload,
        version)
    select @ServiceId,@GrainTypeHash,@GrainIdHash,@GrainTypeString,@GrainIdN0,@GrainIdN1,
        coalesce(@GrainIdExtensionString,''),@PayloadBinary,1
    where @GrainStateVersion is null
    on conflict do nothing
    returning version) select version as "NewGrainStateVersion"
    from u
    union all select version
    from i
$$),
('ClearStorageKey', $$
    update grain_state
    set payload=null, version=version+1, modified_at=now()
    where id_hash=@GrainIdHash
    and type_hash=@GrainTypeHash
    and n0=@GrainIdN0
    and n1=@GrainIdN1
    and ext=coalesce(@GrainIdExtensionString,'')
    and type_name=@GrainTypeString
    and service_id=@ServiceId
    and version=@GrainStateVersion
    returning version
$$),
('DeleteStorageKey', $$
    delete
    from grain_state
    where id_hash=@GrainIdHash
    and type_hash=@GrainTypeHash
    and n0=@GrainIdN0
    and n1=@GrainIdN1
    and ext=coalesce(@GrainIdExtensionString,'')
    and type_name=@GrainTypeString
    and service_id=@ServiceId
    and version=@GrainStateVersion
    returning version+1
$$),
('UpsertReminderRowKey', $$
    insert into reminder(service_id,grain_id,name,start_time,period_ms,grain_hash,version)
    values (@ServiceId,@GrainId,@ReminderName,@StartTime,@Period,@GrainHash,0)
    on conflict (service_id,grain_id,name) do update
    set start_time=excluded.start_time, period_ms=excluded.period_ms,
        grain_hash=excluded.grain_hash, version=reminder.version+1
    returning version as "Version"
$$),
('ReadReminderRowsKey', $$
    select grain_id as "GrainId", name as "ReminderName", start_time as "StartTime",
        period_ms as "Period", version as "Version"
    from reminder
    where service_id=@ServiceId
    and grain_id=@GrainId
$$),
('ReadReminderRowKey', $$
    select grain_id as "GrainId", name as "ReminderName", start_time as "StartTime",
        period_ms as "Period", version as "Version"
    from reminder
    where service_id=@ServiceId
    and grain_id=@GrainId
    and name=@ReminderName
$$),
('ReadRangeRows1Key', $$
    select grain_id as "GrainId", name as "ReminderName", start_time as "StartTime",
        period_ms as "Period", version as "Version"
    from reminder
    where service_id=@ServiceId
    and grain_hash>@BeginHash
    and grain_hash<=@EndHash
$$),
('ReadRangeRows2Key', $$
    select grain_id as "GrainId", name as "ReminderName", start_time as "StartTime",
        period_ms as "Period", version as "Version"
    from reminder
    where service_id=@ServiceId
    and (grain_hash>@BeginHash or grain_hash<=@EndHash)
$$),
('DeleteReminderRowKey', $$
    with d as (delete
    from reminder
    where service_id=@ServiceId
    and grain_id=@GrainId
    and name=@ReminderName
    and version=@Version
    returning 1) select count(*)::int
    from d
$$),
('DeleteReminderRowsKey', $$
    delete
    from reminder
    where service_id=@ServiceId
$$);
