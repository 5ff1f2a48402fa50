"""Asks CloudWatch Logs and CloudWatch with boto3 for what is known to the letter of AWS's answers: members, codes and
sentences. The walk gives ENDPOINT, and its keys in AWS's variables. The exit code counts the differences.
"""
import datetime
import os
import sys
import time

import boto3
from botocore.exceptions import ClientError

place = dict(endpoint_url=os.environ["ENDPOINT"], region_name="us-east-1")
c, cw = boto3.client("logs", **place), boto3.client("cloudwatch", **place)
bad = 0


def check(name, right, got=None):
    global bad
    if not right:
        bad += 1
        print("differs:", name, got)


def err(name, code, sentence, call, /, **members):
    try:
        check(name, False, call(**members))
    except ClientError as e:
        got = e.response["Error"]["Code"], e.response["Error"].get("Message")
        status = e.response["ResponseMetadata"]["HTTPStatusCode"]
        check(name, got[0] == code and sentence in (None, got[1]) and status == 400, (got, status))


c.create_log_group(logGroupName='g'); c.create_log_stream(logGroupName='g',logStreamName='s')
err('dup','ResourceAlreadyExistsException','The specified log group already exists',c.create_log_group,logGroupName='g')
err('dups','ResourceAlreadyExistsException','The specified log stream already exists',c.create_log_stream,logGroupName='g',logStreamName='s')
g=c.describe_log_groups(logGroupNamePrefix='g')
check('group keys',sorted(g['logGroups'][0])==sorted(['arn','creationTime','deletionProtectionEnabled','logGroupArn','logGroupClass','logGroupName','metricFilterCount','storedBytes']) and 'nextToken' not in g,g['logGroups'][0])
check('pattern',sorted(c.describe_log_groups(logGroupNamePattern='g')['logGroups'][0])==sorted(['arn','creationTime','logGroupArn','logGroupClass','logGroupName','metricFilterCount']),c.describe_log_groups(logGroupNamePattern='g'))
err('both','InvalidParameterException','LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.',c.describe_log_groups,logGroupNamePrefix='g',logGroupNamePattern='g')
check('listlg',c.list_log_groups(logGroupNamePattern='zzz')['logGroups']==[])
st=c.describe_log_streams(logGroupName='g')['logStreams'][0]; check('stream keys',sorted(st)==['arn','creationTime','logStreamName','storedBytes'],st)
err('nameid','ValidationException','LogGroup name and LogGroup ARN are mutually exclusive parameters.',c.describe_log_streams,logGroupName='g',logGroupIdentifier='g')
err('order','InvalidParameterException','Cannot order by LastEventTime with a logStreamNamePrefix.',c.describe_log_streams,logGroupName='g',orderBy='LastEventTime',logStreamNamePrefix='s')
now=int(time.time()*1000)
err('chron','InvalidParameterException','Log events in a single PutLogEvents request must be in chronological order.',c.put_log_events,logGroupName='g',logStreamName='s',logEvents=[dict(timestamp=now,message='a'),dict(timestamp=now-1,message='b')])
r=c.put_log_events(logGroupName='g',logStreamName='s',logEvents=[dict(timestamp=now-30*86400000,message='a')]); check('old',r['rejectedLogEventsInfo']=={'tooOldLogEventEndIndex':1} and len(r['nextSequenceToken'])==56,r)
c.put_metric_filter(logGroupName='g',filterName='mf',filterPattern='',metricTransformations=[dict(metricName='m',metricNamespace='n',metricValue='1',defaultValue=0)])
mf=c.describe_metric_filters(logGroupName='g')['metricFilters'][0]; check('mf',sorted(mf)==['applyOnTransformedLogs','creationTime','filterName','filterPattern','logGroupName','metricTransformations'] and mf['metricTransformations'][0]['defaultValue']==0.0,mf)
c.put_log_events(logGroupName='g',logStreamName='s',logEvents=[dict(timestamp=now,message='hällo wörld'),dict(timestamp=now+1,message='b')])
check('utf8',[e['message'] for e in c.get_log_events(logGroupName='g',logStreamName='s',startFromHead=True)['events']]==['hällo wörld','b'])
for op,k in ((c.get_log_events,dict(logGroupName='g',logStreamName='s')),(c.filter_log_events,dict(logGroupName='g'))):
    err('tok','InvalidParameterException','The specified nextToken is invalid.',op,nextToken='x',**k)
    err('lim','InvalidParameterException',"1 validation error detected: Value '10001' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 10000",op,limit=10001,**k)
err('nog','ResourceNotFoundException','The specified log group does not exist.',c.get_log_events,logGroupName='no',logStreamName='s')
err('nos','ResourceNotFoundException','The specified log stream does not exist.',c.get_log_events,logGroupName='g',logStreamName='no')
q=c.start_query(logGroupName='g',startTime=100,endTime=200,queryString='fields @message'); check('q',[k for k in q if k!='ResponseMetadata']==['queryId'])
dq=c.describe_queries(logGroupName='g')['queries'][0]; check('dq',dq['queryString']=='SOURCE "g" START=100000 END=200999 | fields @message' and dq['queryLanguage']=='CWLI',dq)
err('mflen','InvalidParameterException',"1 validation error detected: Value '%s' at 'filterName' failed to satisfy constraint: Member must have length less than or equal to 512"%('a'*513),c.put_metric_filter,logGroupName='g',filterName='a'*513,filterPattern='',metricTransformations=[dict(metricName='m',metricNamespace='n',metricValue='1')])
err('mfpre','InvalidParameterException',None,c.describe_metric_filters,filterNamePrefix='a'*513)
err('mfmet','InvalidParameterException',None,c.describe_metric_filters,metricName='a'*256,metricNamespace='n')
doc='{"Statement":[{"Effect":"Allow","Principal":{"Service":["es.amazonaws.com"]},"Action":"logs:PutLogEvents","Resource":"*"}]}'
rp=c.put_resource_policy(policyName='p',policyDocument=doc)['resourcePolicy']; check('rp',sorted(rp)==['lastUpdatedTime','policyDocument','policyName','policyScope'] and rp['policyDocument']==doc,rp)
check('rpd',c.describe_resource_policies()['resourcePolicies'][0]['policyDocument'].startswith('{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"es.amazonaws.com"}'))
ga='arn:aws:logs:us-east-1:000000000000:log-group:g'
rg=c.put_resource_policy(policyName='gp',policyDocument=doc,resourceArn=ga); check('rg',rg['resourcePolicy']['policyScope']=='RESOURCE' and rg['revisionId'],rg)
err('exp','InvalidParameterException','The given bucket does not exist. Please make sure the bucket is valid.',c.create_export_task,logGroupName='g',fromTime=0,to=now,destination='nobucket')
check('exps',c.describe_export_tasks(taskId='nope')['exportTasks']==[])
err('expc','ResourceNotFoundException','The specified export task does not exist.',c.cancel_export_task,taskId='nope')
err('sf','ResourceNotFoundException','The specified log group does not exist.',c.describe_subscription_filters,logGroupName='no')
err('sf2','ResourceNotFoundException','The specified log group does not exist.',c.delete_subscription_filter,logGroupName='no',filterName='f')
err('sf3','ResourceNotFoundException','The specified subscription filter does not exist.',c.delete_subscription_filter,logGroupName='g',filterName='f')
check('dest',c.describe_destinations(DestinationNamePrefix='zz')['destinations']==[])
d=c.put_delivery_destination(name='d',deliveryDestinationConfiguration=dict(destinationResourceArn='arn:aws:s3:::b'),tags=dict(a='b'))['deliveryDestination']
check('dd',d=={'name':'d','arn':'arn:aws:logs:us-east-1:000000000000:delivery-destination:d','deliveryDestinationType':'S3','deliveryDestinationConfiguration':{'destinationResourceArn':'arn:aws:s3:::b'}},d)
err('fmt','ValidationException',"1 validation error detected: Value 'foo' at 'outputFormat' failed to satisfy constraint: Member must satisfy enum value set: [w3c, raw, json, plain, parquet]",c.put_delivery_destination,name='d',outputFormat='foo',deliveryDestinationConfiguration=dict(destinationResourceArn='arn:aws:s3:::b'))
err('gdd','ResourceNotFoundException','Requested Delivery Destination does not exist in this account.',c.get_delivery_destination,name='no')
err('gds','ResourceNotFoundException','Requested Delivery Source does not exist in this account.',c.get_delivery_source,name='no')
err('pds','ResourceNotFoundException','Cannot access provided service.',c.put_delivery_source,name='s',resourceArn='arn:aws:s3:::b',logType='ACCESS_LOGS')
check('source', c.put_delivery_source(name='s',resourceArn='arn:aws:cloudfront::000000000000:distribution/E1',logType='ACCESS_LOGS')['deliverySource']['service']=='cloudfront')
dl=c.create_delivery(deliverySourceName='s',deliveryDestinationArn=d['arn'],recordFields=['date'],s3DeliveryConfiguration=dict(suffixPath='{yyyy}'))['delivery']
c.update_delivery_configuration(id=dl['id'],fieldDelimiter=','); check('gd',c.get_delivery(id=dl['id'])['delivery']['fieldDelimiter']==',')
check('tmpl',len([t for p in c.get_paginator('describe_configuration_templates').paginate(service='cloudfront') for t in p['configurationTemplates']])==3)
err('did','ValidationException',None,c.get_delivery,id='-')
c.delete_delivery(id=dl['id']); c.delete_delivery_source(name='s'); c.delete_delivery_destination(name='d')
t=datetime.datetime.now(datetime.timezone.utc)
stt=cw.get_metric_statistics(Namespace='n',MetricName='m',StartTime=t-datetime.timedelta(minutes=5),EndTime=t+datetime.timedelta(minutes=5),Period=60,Statistics=['Sum'])['Datapoints']; check('stat',sum(p['Sum'] for p in stt)==2,stt)
gd=cw.get_metric_data(StartTime=t-datetime.timedelta(minutes=5),EndTime=t+datetime.timedelta(minutes=5),MetricDataQueries=[dict(Id='a',MetricStat=dict(Metric=dict(Namespace='n',MetricName='m'),Period=60,Stat='Sum'))])['MetricDataResults'][0]; check('gmd',sum(gd['Values'])==2,gd)
check('lm',[m['MetricName'] for m in cw.list_metrics(Namespace='n')['Metrics']]==['m'])
sys.exit(bad)
