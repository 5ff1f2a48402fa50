package cloudtrail

const groupARN = "arn:aws:logs:us-east-1:111122223333:log-group:trail-group:*"
